;;; driver.el --- Emacs's side of the tests  -*- lexical-binding: t -*-

;; Does what a user does with eglot or lsp-mode, when it is told to.  It connects to the socket named in EDITOR_SOCKET
;; and answers each line {"id", "method", "args"} with {"id", "result"} or {"id", "error"}.  Only what a user would read
;; and answer is stood in for: `completing-read', `y-or-n-p'.

;;; Code:

(require 'cl-lib)
(require 'json)

(defconst driver-patience 10 "Seconds until a wait is given up.")
(defconst driver-eglot (equal (getenv "EDITOR_CLIENT") "eglot"))
(defvar driver-wanted nil "The title to pick from the next menu.")
(defvar driver-offered nil "The titles of the last menu.")
(defvar driver-asked nil "The questions that were answered, the last one first.")
(defvar driver-consents t "What every question is answered.")
(defvar driver-words "" "What is typed at the next prompt for words.")

(defun driver-choose (_prompt collection &rest _)
  "Stands in for the user at a menu of COLLECTION."
  (setq driver-offered (all-completions "" collection))
  (if (member driver-wanted driver-offered) driver-wanted (signal 'quit nil)))

(defun driver-agree (prompt)
  "Stands in for the user at the question PROMPT: notes it, and says `driver-consents'."
  (push prompt driver-asked)
  driver-consents)

(advice-add 'completing-read :override #'driver-choose)
(advice-add 'y-or-n-p :override #'driver-agree)
(advice-add 'yes-or-no-p :override #'driver-agree)
(advice-add 'read-string :override (lambda (&rest _) driver-words))

(defun driver-until (what)
  "Waits until WHAT returns something, and returns that; nil after `driver-patience' seconds."
  (let ((end (+ (float-time) driver-patience)) found)
    (while (and (not (setq found (funcall what))) (< (float-time) end))
      (accept-process-output nil 0.02))
    found))

(defun driver-visit (args)
  "Shows the file of ARGS, at its line if it has one."
  (let ((buffer (find-file-noselect (alist-get 'path args))) (line (alist-get 'line args)))
    (switch-to-buffer buffer)
    (when line
      (goto-char (point-min))
      (forward-line line))
    buffer))

(defun driver-press (keys)
  "Types KEYS, a vector of events: the editor's own command loop reads them once the driver has returned."
  (setq unread-command-events (append unread-command-events (listify-key-sequence keys)))
  'typed)

(defun driver-server ()
  "What sends requests for the buffer; nil when no server runs for it."
  (if driver-eglot
      (ignore-errors (eglot-current-server))
    (cl-find-if (lambda (each) (eq (lsp--workspace-status each) 'initialized)) (lsp-workspaces))))

(cl-defgeneric driver-do (method args)
  "Does what METHOD says with ARGS, an alist.")

(cl-defmethod driver-do ((_ (eql ready)) _args)
  (if (and (driver-server)
           (if driver-eglot (slot-boundp (driver-server) 'capabilities) t)
           (if driver-eglot (eglot-managed-p) t))
      t :json-false))

(cl-defmethod driver-do ((_ (eql open)) args)
  (driver-visit args)
  (run-hooks 'post-command-hook)
  t)

(cl-defmethod driver-do ((_ (eql text)) args)
  (with-current-buffer (driver-visit args)
    (save-restriction (widen) (buffer-substring-no-properties (point-min) (point-max)))))

(cl-defmethod driver-do ((_ (eql modified)) args)
  (if (buffer-modified-p (driver-visit args)) t :json-false))

(defun driver-diagnostic (line get)
  "What is told of a diagnostic at LINE whose members GET returns by name; nil when it is not ours."
  (when (equal (funcall get "source") "signoff")
    (list :line line :message (funcall get "message") :severity (funcall get "severity")
          :code (or (funcall get "code") :null) :data (or (funcall get "data") :null))))

(defun driver-of-flymake (each)
  "What is told of EACH diagnostic that flymake shows."
  (let ((raw (alist-get 'eglot-lsp-diag (eglot--diag-data each))))
    (driver-diagnostic (1- (line-number-at-pos (flymake-diagnostic-beg each)))
                       (lambda (name) (plist-get raw (intern (concat ":" name)))))))

(defun driver-of-lsp-mode (raw)
  "What is told of RAW, a diagnostic of lsp-mode."
  (driver-diagnostic (lsp:position-line (lsp:range-start (lsp:diagnostic-range raw)))
                     (lambda (name) (gethash name raw))))

(cl-defmethod driver-do ((_ (eql diagnostics)) args)
  (with-current-buffer (driver-visit args)
    (apply #'vector
           (if driver-eglot
               (delq nil (mapcar #'driver-of-flymake (flymake-diagnostics)))
             (delq nil (mapcar #'driver-of-lsp-mode (append (lsp--get-buffer-diagnostics) nil)))))))

(defun driver-menu (args)
  "Calls the client's menu of code actions at the place of ARGS; the titles.  Picks the title of ARGS."
  (driver-visit args)
  (setq driver-wanted (alist-get 'title args) driver-offered nil)
  (let ((last-nonmenu-event ?\r))
    (condition-case problem
        (call-interactively (if driver-eglot #'eglot-code-actions #'lsp-execute-code-action))
      (quit nil)
      (error (unless (string-match-p "o code actions" (error-message-string problem))
               (signal (car problem) (cdr problem))))))
  (apply #'vector driver-offered))

(cl-defmethod driver-do ((_ (eql actions)) args) (driver-menu args))
(cl-defmethod driver-do ((_ (eql act)) args) (driver-menu args))

(defun driver-eldoc-buffer ()
  "The buffer with what eldoc shows; nil when it showed nothing."
  (cl-find-if (lambda (each) (string-prefix-p " *eldoc" (buffer-name each))) (buffer-list)))

(defun driver-shown-by-eldoc ()
  "What eldoc shows of a hunk; nil while it shows something else, such as the diagnostic."
  (let ((buffer (driver-eldoc-buffer)) (case-fold-search nil))
    (when buffer
      (with-current-buffer buffer
        (and (string-match-p "Signoff" (buffer-string)) (buffer-substring-no-properties (point-min) (point-max)))))))

(cl-defmethod driver-do ((_ (eql hover)) args)
  (driver-visit args)
  (if driver-eglot
      (let ((old (driver-eldoc-buffer)))
        (when old (with-current-buffer old (let ((inhibit-read-only t)) (erase-buffer))))
        (eldoc-print-current-symbol-info)
        (or (driver-until #'driver-shown-by-eldoc) :null))
    (call-interactively #'lsp-describe-thing-at-point)
    (if (get-buffer "*lsp-help*")
        (with-current-buffer "*lsp-help*" (buffer-substring-no-properties (point-min) (point-max)))
      :null)))

(cl-defmethod driver-do ((_ (eql command)) args)
  (let ((name (concat "signoff." (alist-get 'name args)))
        (arguments (vector (alist-get 'argument args))))
    (if driver-eglot
        (jsonrpc-request (eglot--current-server-or-lose) :workspace/executeCommand
                         (list :command name :arguments arguments))
      (lsp-request "workspace/executeCommand" (list :command name :arguments arguments)))))

(cl-defmethod driver-do ((_ (eql type)) args)
  (driver-visit args)
  (forward-char (alist-get 'column args))
  (driver-press (vconcat (alist-get 'text args))))

(cl-defmethod driver-do ((_ (eql erase)) args)
  (driver-visit args)
  (driver-press (kbd "C-S-<backspace>")))

(cl-defmethod driver-do ((_ (eql undo)) args)
  (driver-visit args)
  (driver-press (kbd "C-/")))

(cl-defmethod driver-do ((_ (eql redo)) args)
  (driver-visit args)
  (driver-press (kbd "C-M-_")))

(cl-defmethod driver-do ((_ (eql save)) args)
  (driver-visit args)
  (driver-press (kbd "C-x C-s")))

(cl-defmethod driver-do ((_ (eql discard)) args)
  (driver-visit args)
  (revert-buffer t t)
  t)

(cl-defmethod driver-do ((_ (eql run)) args)
  (call-interactively (intern (alist-get 'command args)))
  t)

;; From now on eglot asks before each edit, as it does unless it is told not to.
(cl-defmethod driver-do ((_ (eql consent)) args)
  (setq eglot-confirm-server-initiated-edits 'confirm
        driver-consents (eq (alist-get 'given args) t))
  t)

(cl-defmethod driver-do ((_ (eql asked)) _args) (apply #'vector driver-asked))

(cl-defmethod driver-do ((_ (eql about)) _args) (list :version emacs-version))

(defun driver-answer (asked)
  "The answer to the request ASKED; its result is `typed' when keys wait to be read."
  (let ((id (alist-get 'id asked)))
    (condition-case problem
        ;; A timer runs in any buffer; a user's command runs in the one that the window shows.
        (with-current-buffer (window-buffer)
          (undo-auto--add-boundary) ; as before each command of a user
          (list :id id :result (driver-do (intern (alist-get 'method asked)) (alist-get 'args asked))))
      ((error quit) (list :id id :error (format "%S" problem))))))

(defun driver-tell (process answer)
  "Sends ANSWER over PROCESS once all keys have been read."
  (if (and (eq (plist-get answer :result) 'typed) unread-command-events)
      (run-at-time 0.01 nil #'driver-tell process answer)
    (when (eq (plist-get answer :result) 'typed) (setq answer (plist-put answer :result t)))
    (process-send-string process (concat (driver-json answer) "\n"))))

(defun driver-json (value)
  "VALUE as one line of JSON."
  (json-serialize value :null-object :null :false-object :json-false))

(defvar driver-rest "" "The line that is not complete yet.")

(defun driver-received (process chunk)
  "Serves the complete lines of CHUNK outside of the filter of PROCESS, where the editor is free to wait."
  (setq driver-rest (concat driver-rest chunk))
  (while (string-match "\n" driver-rest)
    (let ((asked (json-parse-string (substring driver-rest 0 (match-beginning 0))
                                    :object-type 'alist :null-object :null :false-object :json-false)))
      (setq driver-rest (substring driver-rest (match-end 0)))
      (run-at-time 0 nil (lambda () (driver-tell process (driver-answer asked)))))))

(make-network-process :name "driver" :family 'local :service (getenv "EDITOR_SOCKET") :noquery t :coding 'utf-8-unix
                      :filter #'driver-received)

;;; driver.el ends here
